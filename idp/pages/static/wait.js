// »SMS PIN erforderlich«: counts down until a PIN can be sent again.

export function enhance(buttons) {
  for (const button of buttons) {
    const until = Date.now() + Number(button.dataset.wait) * 1000;
    const rest = document.createElement("span");
    rest.className = "tabular";
    button.append(rest);
    const hold = (event) => event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.addEventListener("click", hold);
    const tick = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      if (seconds > 0) {
        rest.textContent = `(${button.dataset.waiting.replace("{seconds}", seconds)})`;
        setTimeout(tick, 250);
        return;
      }
      rest.remove();
      button.removeAttribute("aria-disabled");
      button.removeEventListener("click", hold);
    };
    tick();
  }
}
