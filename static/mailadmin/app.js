// Comforts only: every page works without this file.
(() => {
  const boxes = (list) => [...list.querySelectorAll('input[name="key"]')];

  function showChosen(list) {
    const all = boxes(list);
    const chosen = all.filter((box) => box.checked).length;
    const head = list.querySelector("input[data-check-all]");
    if (head) {
      head.checked = chosen > 0 && chosen === all.length;
      head.indeterminate = chosen > 0 && chosen < all.length;
    }
    list.classList.toggle("has-chosen", chosen > 0);
    const count = list.querySelector("[data-chosen]");
    if (count) count.textContent = chosen;
  }

  function enhance() {
    document.querySelectorAll("[data-list]").forEach((list) => {
      list.classList.add("enhanced");
      showChosen(list);
    });
  }

  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-list]");
    if (list && event.target.matches("input[data-check-all]")) {
      boxes(list).forEach((box) => { box.checked = event.target.checked; });
    }
    if (list) showChosen(list);
  });

  // A click elsewhere, or Escape, closes an open menu.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  // So does going on from it by keyboard: it must not stay open over what is focused next.
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
    if (event.key === "/" && !event.target.matches("input, textarea, select")) {
      const search = document.getElementById("search-all");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });

  document.addEventListener("DOMContentLoaded", enhance);
  document.addEventListener("htmx:afterSwap", enhance);
  // htmx focuses the element of the same id again; where it is gone (no page after the last), the list takes its place.
  document.addEventListener("htmx:afterSettle", () => {
    const list = document.querySelector("[data-list]");
    if (list && document.activeElement === document.body) list.focus({preventScroll: true});
  });
  // A page that Back shows again keeps its checked boxes: the bar must match them.
  addEventListener("pageshow", enhance);
})();
