// What every page of somebody who is signed in does.
import "./copy.js";
import "./dialogs.js";
import "./live.js";
