// Every page: what helps everywhere, and the modules that only some pages need. All of it works without, too.

const parts = {
  "[data-reveal]": "./reveal.js",
  "[data-rules]": "./password-rules.js",
  "[data-wait]": "./wait.js",
  "[data-copy]": "./copy.js",
  "input[autocomplete='one-time-code']": "./pin.js",
  "details.menu": "./menus.js",
  "[data-session-end]": "./session-end.js",
  "[data-checked-by]": "./checked-lines.js",
};

for (const [selector, module] of Object.entries(parts)) {
  const found = document.querySelectorAll(selector);
  if (found.length) import(module).then((part) => part.enhance(found));
}

// Browsers that know autofocus only on fields leave the summary of errors unfocused.
window.addEventListener("load", () => {
  if (document.activeElement === document.body) document.getElementById("error-summary")?.focus();
});

// A second press while the first is on its way sends nothing; coming back by the back button lifts it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
