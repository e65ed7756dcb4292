// Staff's forms for apps and resources: asks the server about each line of a field while it is typed, and says what it answers below.

function watch(box) {
  const form = box.closest("form");
  const field = box.querySelector("textarea, input");
  const list = box.querySelector(".checked");
  const known = new Map();
  let timer;
  let newest = 0;

  async function judge(value) {
    const kind = box.dataset.kind || form.elements.kind?.value || "";
    const address = `${box.dataset.checkedBy}?${new URLSearchParams({ kind, value })}`;
    if (!known.has(address)) {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      known.set(address, (await answer.json()).problem);
    }
    return known.get(address);
  }

  function line(value, problem) {
    const entry = document.createElement("li");
    entry.className = problem ? "bad" : "good";
    const words = document.createElement("span");
    words.textContent = problem && "whole" in box.dataset ? problem : `${value} ${problem ?? box.dataset.good}`;
    entry.append(box.querySelector(`[data-icon=${entry.className}]`).content.cloneNode(true), words);
    return entry;
  }

  function show(lines) {
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
  }

  async function check() {
    const run = ++newest;
    const values = [...new Set(field.value.split("\n").map((one) => one.trim()).filter(Boolean))].slice(0, 50);
    try {
      const problems = await Promise.all(values.map(judge));
      if (run === newest) show(values.map((value, index) => line(value, problems[index])));
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

export function enhance(boxes) {
  boxes.forEach(watch);
}
