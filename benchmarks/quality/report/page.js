"use strict";
// A click on a column's title sorts its table; numbers the largest first, n/a always last.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sortBy(table, heads, column));
  });
}

function sortBy(table, heads, column) {
  const head = heads[column];
  const isNumber = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  const ascending = before ? before === "descending" : !isNumber;
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.cells[column];
    const text = cell.dataset.order ?? cell.textContent;
    return isNumber ? Number.parseFloat(text) : text;
  };
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (!isNumber) return (ascending ? 1 : -1) * x.localeCompare(y, "en", { numeric: true });
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return ascending ? x - y : y - x;
  };
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort(compare));
}
