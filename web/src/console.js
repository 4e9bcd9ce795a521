// Improvements to the console's plain pages, which also work without scripts. Loaded before the page
// is drawn, so that a long text is not laid out in a field that the editor replaces.
document.documentElement.classList.add("scripted");

addEventListener("DOMContentLoaded", () => {
  document.querySelector("form[data-submit-on-load]")?.requestSubmit();
  // A menu closes with Escape, with a click elsewhere, and when the focus leaves it.
  for (const menu of document.querySelectorAll("details.menu")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
    });
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
});
