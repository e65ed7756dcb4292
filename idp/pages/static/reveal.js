// Sign-in and »Passwort festlegen«: a button that shows the typed password.

export function enhance(buttons) {
  for (const button of buttons) {
    const input = document.getElementById(button.dataset.reveal);
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
      button.setAttribute("aria-label", shown ? button.dataset.hideLong : button.dataset.showLong);
    };
    button.hidden = false;
    button.addEventListener("click", () => { show(input.type === "password"); input.focus(); });
    input.form?.addEventListener("submit", () => show(false));
  }
}
