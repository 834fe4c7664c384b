// What every page of somebody who is signed in does.
import "./copy.js";
import "./dialogs.js";
import "./live.js";

// Where there are more pages than a phone is wide, the one that is open is in sight.
document.querySelector("nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
