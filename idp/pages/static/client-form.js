// Staff's pages »App registrieren« and »bearbeiten«: shows what the kind of app needs, checks redirect URIs while they are typed.

const form = document.querySelector("form[data-client]");
const box = form.querySelector("[data-uris]");
const kind = () => box?.dataset.kind || form.elements.kind?.value || "web";

function follow() {
  for (const part of form.querySelectorAll("[data-only-for]")) part.hidden = part.dataset.onlyFor !== kind();
  for (const part of form.querySelectorAll("[data-not-for]")) part.hidden = part.dataset.notFor === kind();
}

function watch() {
  const field = box.querySelector("textarea");
  const list = box.querySelector(".checked");
  const known = new Map();
  let timer;
  let newest = 0;

  async function judge(uri) {
    const address = `${box.dataset.uris}?${new URLSearchParams({ kind: kind(), uri })}`;
    if (!known.has(address)) {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      known.set(address, (await answer.json()).problem);
    }
    return known.get(address);
  }

  function line(uri, problem) {
    const entry = document.createElement("li");
    entry.className = problem ? "bad" : "good";
    const words = document.createElement("span");
    words.textContent = `${uri} ${problem ?? box.dataset.good}`;
    entry.append(box.querySelector(`[data-icon=${entry.className}]`).content.cloneNode(true), words);
    return entry;
  }

  function show(lines) {
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
  }

  async function check() {
    const run = ++newest;
    const uris = [...new Set(field.value.split("\n").map((one) => one.trim()).filter(Boolean))].slice(0, 50);
    try {
      const problems = await Promise.all(uris.map(judge));
      if (run === newest) show(uris.map((uri, index) => line(uri, problems[index])));
    } catch {
      if (run === newest) show([]); // the server judges when the form is sent
    }
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(check, 400);
  };
  field.addEventListener("input", soon);
  form.addEventListener("change", soon);
  if (field.value.trim()) check();
}

if (box) watch();
form.addEventListener("change", follow);
window.addEventListener("pageshow", follow);
follow();
