// »Benutzerkonto erstellen« and editing an account: shows only what matters for the chosen role and the time of the invitation.

const form = document.querySelector("form[data-account]");
const { type, role, sending } = form.elements;
const all = form.elements.all_contracts;
const limits = form.querySelector("[data-limits]");
const only = form.querySelector("[data-only]");
const when = form.elements.send_at?.closest(".field");
const whenIsOptional = when?.querySelector(".optional");
const mobileIsOptional = form.querySelector("label[for=mobile] .optional");

function follow() {
  const forPortal = role.value === "administrator-kundenportal";
  if (limits) {
    limits.hidden = forPortal;
    only.hidden = all.checked;
  }
  if (mobileIsOptional) mobileIsOptional.hidden = forPortal;
  if (whenIsOptional) whenIsOptional.hidden = sending.value === "later";
  if (when) when.hidden = sending.value !== "later" && !when.querySelector(".error");
}

if (type) {
  const preselect = () => { role.value = type.value; };
  if (!role.value) preselect();
  role.querySelector("option[value='']").remove();
  for (const choice of type) choice.addEventListener("change", preselect);
}
form.addEventListener("change", follow);
window.addEventListener("pageshow", follow);
follow();
