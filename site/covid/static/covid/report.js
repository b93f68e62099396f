// Draws the table of a report as a chart, in the colours of the page. Without it the table says the same.
"use strict";

(() => {
  const table = document.querySelector("table[data-chart]");
  const figure = document.querySelector("figure.plot");
  if (!table || !figure) return;

  const rows = [...table.tBodies[0].rows];
  const line = table.dataset.chart === "line";
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let chart;

  function draw() {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    Chart.defaults.color = getComputedStyle(document.body).color;
    Chart.defaults.borderColor = colour("--bs-border-color");
    chart?.destroy();
    figure.style.height = line ? "20rem" : `${rows.length * 1.6 + 3}rem`;
    chart = new Chart(figure.querySelector("canvas"), {
      type: line ? "line" : "bar",
      data: {
        labels: rows.map((row) => row.cells[0].textContent),
        datasets: [
          {
            label: table.tHead.rows[0].cells[1].textContent,
            data: rows.map((row) => Number(row.cells[1].dataset.value)),
            backgroundColor: colour("--site-render"),
            borderColor: colour("--site-render"),
            borderWidth: line ? 2 : 0,
            pointRadius: 0,
            pointHitRadius: 8,
          },
        ],
      },
      options: {
        animation: still ? false : { duration: 300 },
        indexAxis: line ? "x" : "y",
        maintainAspectRatio: false,
        plugins: { legend: { display: false } },
        scales: line ? { y: { beginAtZero: true } } : { x: { beginAtZero: true }, y: { ticks: { autoSkip: false } } },
      },
    });
  }

  figure.hidden = false;
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => chart.resize(600, figure.clientHeight));
  addEventListener("afterprint", () => chart.resize());
})();
