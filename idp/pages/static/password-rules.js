// »Passwort festlegen«: ticks the rules off while the new password is typed. The server judges; this only tells early.

const series = /(.)\1{4}|01234|12345|23456|34567|45678|56789|98765|87654|76543|65432|54321|abcde|qwert|asdfg|yxcvb/i;

const checks = {
  length: (password, shortest) => [...password].length >= Number(shortest),
  avoid: (password, words) => words.toLowerCase().split(" ").filter((word) => word.length > 2).every((word) => !password.toLowerCase().includes(word)),
  varied: (password) => !series.test(password),
};

export function enhance(lists) {
  for (const list of lists) {
    const password = document.getElementById(list.dataset.rules);
    const repeat = document.getElementById(list.dataset.repeat);
    const tell = () => {
      for (const item of list.querySelectorAll("[data-rule]")) {
        const check = checks[item.dataset.rule] ?? (() => repeat.value === password.value);
        item.classList.toggle("met", password.value !== "" && check(password.value, item.dataset.value));
      }
    };
    password.addEventListener("input", tell);
    repeat?.addEventListener("input", tell);
    tell();
  }
}
