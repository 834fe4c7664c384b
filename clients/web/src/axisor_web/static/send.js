// Requests to our own origin. What changes something carries the word that only our pages know.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

export function post(path, said) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-axisor-csrf": csrf },
    body: JSON.stringify(said),
  });
}

export const said = (form) => Object.fromEntries(new FormData(form));
