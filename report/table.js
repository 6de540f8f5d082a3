// Makes the columns of a table sortable. Every page is complete without it.
document.querySelectorAll("table.sortable").forEach(function (table) {
  var body = table.tBodies[table.tBodies.length - 1];
  table.querySelectorAll("thead th").forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("thead th").forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      Array.from(body.rows)
        .map(function (row, index) { return { row: row, index: index, key: key(row.cells[column]) }; })
        .sort(function (a, b) { return missing(a.key) - missing(b.key) || compare(a.key, b.key) * (down ? -1 : 1) || a.index - b.index; })
        .forEach(function (one) { body.appendChild(one.row); });
    });
  });
  function key(cell) {
    var text = cell.textContent.trim();
    var figure = parseFloat(text.replace(/,/g, "").replace("\u2212", "-"));
    return cell.classList.contains("n") ? figure : text.toLowerCase();
  }
  // What has no figure stands last, whichever way the others are sorted.
  function missing(key) { return key !== key || key === "\u2013"; }
  function compare(a, b) { return a < b ? -1 : a > b ? 1 : 0; }
});
