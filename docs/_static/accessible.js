// Wide tables and code scroll with the keyboard, too. The two lists beside a page have names for screen readers.
addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".table-wrapper table")) describe(table);
  for (const box of document.querySelectorAll(".table-wrapper, pre")) {
    new ResizeObserver(() => {
      if (box.matches(".table-wrapper")) stack(box);
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }).observe(box);
  }
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "Sections");
});

// Each cell has the header of its column, and each part of the table its role, which browsers forget for stacked rows.
const ROLES = { thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };
function describe(table) {
  table.setAttribute("role", "table");
  for (const [name, role] of Object.entries(ROLES))
    for (const part of table.querySelectorAll(name)) part.setAttribute("role", role);
  const heads = [...table.querySelectorAll("thead th")].map(head => head.textContent.trim());
  for (const cell of table.querySelectorAll("tbody td")) {
    cell.dataset.head = heads[cell.cellIndex] ?? "";
    cell.classList.toggle("empty", !cell.textContent.trim());
  }
}

// On a phone, a table that is wider than the page shows the cells of a row below each other.
const PHONE = matchMedia("(max-width: 46em)");
function stack(box) {
  const table = box.querySelector("table");
  table.classList.remove("stacked");
  table.classList.toggle("stacked", PHONE.matches && box.scrollWidth > box.clientWidth);
}
