// Draws the table of a report as a chart. Without it the table says the same.
"use strict";

(() => {
  const LONGEST = 24; // characters of a label beside a bar, on a phone
  const table = document.querySelector("table[data-chart]");
  const figure = document.querySelector("figure.plot");
  if (!table || !figure) return;

  const rows = [...table.tBodies[0].rows].map((row) => [row.cells[0].textContent, Number(row.cells[1].dataset.value)]);
  const line = table.dataset.chart === "line";
  const short = (text) =>
    text.length > LONGEST && figure.clientWidth < 600 ? `${text.slice(0, LONGEST - 1).trimEnd()}…` : text;

  // The table leaves out months without a row; on a line they have their place.
  function everyMonth(counted) {
    const counts = new Map(counted);
    const months = [];
    const [first, last] = [counted[0][0], counted.at(-1)[0]];
    for (let [year, month] = first.split("-").map(Number), name = first; name <= last; ) {
      months.push([name, counts.get(name) ?? 0]);
      [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
      name = `${year}-${String(month).padStart(2, "0")}`;
    }
    return months;
  }

  const points = line ? everyMonth(rows) : rows;
  const counts = { beginAtZero: true, title: { display: true, text: table.tHead.rows[0].cells[1].textContent } };
  const labels = line
    ? { ticks: { maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } }
    : {
        ticks: {
          autoSkip: false,
          callback(value) {
            return short(this.getLabelForValue(value));
          },
        },
        grid: { display: false },
      };

  figure.querySelector("div").style.height = line ? "22rem" : `${rows.length * 1.6 + 4}rem`;
  charts.on(figure, () => ({
    type: line ? "line" : "bar",
    data: {
      labels: points.map(([label]) => label),
      datasets: [
        {
          label: counts.title.text,
          data: points.map(([, count]) => count),
          backgroundColor: charts.colour("--site-render"),
          borderColor: charts.colour("--site-render"),
          borderWidth: line ? 2 : 0,
          pointRadius: 0,
          pointHitRadius: 8,
        },
      ],
    },
    options: {
      indexAxis: line ? "x" : "y",
      plugins: { legend: { display: false } },
      scales: line ? { x: labels, y: counts } : { x: counts, y: labels },
    },
  }))();
})();
