// Staff's page »App registrieren«: shows what the kind of app needs.

const form = document.querySelector("form[data-client]");
const kind = () => form.elements.kind?.value || "web";

function follow() {
  for (const part of form.querySelectorAll("[data-only-for]")) part.hidden = part.dataset.onlyFor !== kind();
  for (const part of form.querySelectorAll("[data-not-for]")) part.hidden = part.dataset.notFor.split(" ").includes(kind());
}

form.addEventListener("change", follow);
window.addEventListener("pageshow", follow);
follow();
