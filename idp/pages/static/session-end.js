// Console pages: say two minutes before the session ends that it will, and extend it by one click.

const NOTICE = 120;

export function enhance([box]) {
  const form = box.querySelector("form");
  let timer;
  let due = Infinity;

  const clock = (seconds) =>
    new Date(Date.now() + seconds * 1000).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  function show(state, seconds = 0) {
    for (const part of box.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== state;
    for (const said of box.querySelectorAll("[data-said]")) {
      said.textContent = said.dataset.said === state ? said.dataset.words.replace("{time}", clock(seconds)) : "";
    }
    if (!state && box.contains(document.activeElement)) document.getElementById("main").focus({ preventScroll: true });
    box.hidden = !state;
  }

  function wake(seconds) {
    clearTimeout(timer);
    due = Date.now() + seconds * 1000;
    timer = setTimeout(ask, seconds * 1000);
  }

  function plan({ idle_in: idleIn, ends_in: endsIn }) {
    const left = Math.min(idleIn, endsIn);
    if (left > NOTICE) {
      show(null);
      wake(left - NOTICE);
      return;
    }
    show(endsIn <= NOTICE ? "last" : "idle", left);
    wake(Math.max(left + 1, 5));
  }

  // Another page or app may have kept the session alive, so the server is asked before anything is said.
  async function ask(options) {
    try {
      const answer = await fetch(box.dataset.sessionEnd, { headers: { Accept: "application/json" }, ...options });
      if (answer.status === 401) {
        clearTimeout(timer);
        due = Infinity;
        show("over");
      } else if (answer.ok) plan(await answer.json());
      else wake(15);
    } catch {
      wake(15);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ method: "POST", body: new FormData(form) });
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() >= due) ask();
  });
  wake(Math.max(Math.min(Number(box.dataset.idleIn), Number(box.dataset.endsIn)) - NOTICE, 0));
}
