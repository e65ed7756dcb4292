// Console and demo pages: copies a value, such as a PIN or a client's id.

export function enhance(buttons) {
  if (!navigator.clipboard) return;
  for (const button of buttons) {
    const words = button.querySelector("span");
    const before = words.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = button.dataset.copied;
      setTimeout(() => { words.textContent = before; }, 2000);
    });
  }
}
