// Console: an open menu closes by Escape, by a click elsewhere, and when another opens.

export function enhance(menus) {
  const close = (except) => {
    for (const menu of menus) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = [...menus].find((menu) => menu.open);
    close();
    open?.querySelector("summary").focus();
  });
}
