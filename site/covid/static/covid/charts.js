// Charts in the page's own colours: drawn anew when those change, and as wide as paper while they are printed.
"use strict";

const charts = (() => {
  const PAPER = 660; // pixels of A4 or letter between its margins
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Returns what draws the chart that `configure` gives at that moment, and shows the figure.
  function on(figure, configure) {
    const canvas = figure.querySelector("canvas");
    let chart;

    function draw() {
      const printing = matchMedia("print").matches;
      Object.assign(Chart.defaults, { animation: false, maintainAspectRatio: false });
      Chart.defaults.color = getComputedStyle(document.body).color;
      Chart.defaults.borderColor = colour("--bs-border-color");
      chart?.destroy();
      figure.hidden = false;
      chart = new Chart(canvas, configure());
      if (printing) chart.resize(PAPER, canvas.parentElement.clientHeight);
    }

    for (const media of ["(prefers-color-scheme: dark)", "print"])
      matchMedia(media).addEventListener("change", () => chart && draw());
    return draw;
  }

  return { colour, on };
})();
