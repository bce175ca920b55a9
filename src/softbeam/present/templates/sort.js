"use strict";
// Sorts a table by the column whose title is clicked (or pressed with Enter or Space): numbers by
// their data-value, texts by the reader's alphabet; empty cells stay last.
(function () {
  const collator = new Intl.Collator("en", { numeric: true });

  function key(row, column) {
    const cell = row.cells[column];
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.textContent.trim();
  }

  function compare(first, second, sign) {
    const absent = (value) => value === "" || value === "–";
    if (absent(first) || absent(second)) return absent(first) - absent(second);
    if (typeof first === "number" && typeof second === "number") return sign * (first - second);
    return sign * collator.compare(String(first), String(second));
  }

  function sort(table, column) {
    const heads = Array.from(table.tHead.rows[0].cells);
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const numeric = rows.some((row) => row.cells[column].dataset.value !== undefined);
    const before = heads[column].getAttribute("aria-sort");
    // Numbers of interest are the large ones: they come first at the first click.
    const order =
      before === null ? (numeric && column > 0 ? "descending" : "ascending")
      : before === "ascending" ? "descending" : "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [key(row, column), row]);
    keyed.sort((first, second) => compare(first[0], second[0], sign));
    const first = Number(table.dataset.first || rows.length);
    keyed.forEach((pair, place) => pair[1].classList.toggle("more", place >= first));
    body.append(...keyed.map((pair) => pair[1]));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      head.firstElementChild.addEventListener("click", () => sort(table, column));
    });
  }
})();
