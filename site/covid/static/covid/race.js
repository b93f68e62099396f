// The race in the visitor's own browser: pages are asked for over the network, in turns, as a person would.
// What the server did is in each answer's Server-Timing; the rest of the time is the network's and the browser's.
"use strict";

(() => {
  const form = document.querySelector("form.race");
  const status = document.querySelector(".race-status");
  const lanes = document.querySelector(".lanes");
  const result = document.getElementById("result");
  const figure = document.querySelector(".distribution");
  const button = form.querySelector("button");
  const names = ["uncached", "cached"];
  const kinds = ["db", "cache", "render"];
  let chart;

  const lane = (name) => lanes.querySelector(`[data-lane="${name}"]`);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const percentile = (values, share) =>
    [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];
  const inWords = (ratio) => {
    const [times, word] = ratio >= 1 ? [ratio, "faster"] : [1 / ratio, "slower"];
    return `${times.toFixed(times >= 10 ? 0 : 1)} times ${word}`;
  };

  async function page(name, parameters) {
    const began = performance.now();
    const answer = await fetch(`${lane(name).dataset.url}?${parameters}`, { cache: "no-store", credentials: "omit" });
    await answer.arrayBuffer();
    const total = performance.now() - began;
    if (!answer.ok) throw new Error(`The ${name} page answered ${answer.status}.`);
    const header = answer.headers.get("Server-Timing") ?? "";
    const told = Object.fromEntries([...header.matchAll(/(\w+);dur=([\d.]+)/g)].map((one) => [one[1], Number(one[2])]));
    const spent = Object.fromEntries(kinds.map((kind) => [kind, told[kind] ?? 0]));
    spent.other = Math.max(0, told.total - sum(Object.values(spent)));
    spent.network = Math.max(0, total - told.total);
    const cold = answer.headers.get("X-Cache") === "miss" ? total : Number(answer.headers.get("X-Cache-Cost"));
    return { total, spent, cold };
  }

  function showLanes(samples, repetitions) {
    const slowest = Math.max(...names.flatMap((name) => samples[name].map((one) => one.total)));
    for (const name of names) {
      const svg = lane(name).querySelector("svg");
      svg.setAttribute("viewBox", `0 0 ${repetitions} 100`);
      svg.replaceChildren(
        ...samples[name].map((one, index) => {
          const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
          const shape = { x: index + 0.1, y: 0, width: 0.8, height: (100 * one.total) / slowest };
          for (const [key, value] of Object.entries(shape)) bar.setAttribute(key, value);
          return bar;
        }),
      );
      const last = samples[name].at(-1);
      lane(name).querySelector("output").textContent = last ? `${last.total.toFixed(1)} ms` : "–";
    }
  }

  function showResult(samples, cold) {
    const p50 = {};
    for (const name of names) {
      const totals = samples[name].map((one) => one.total);
      p50[name] = percentile(totals, 0.5);
      const median = samples[name].find((one) => one.total === p50[name]);
      const values = { p50: p50[name], p95: percentile(totals, 0.95), ...median.spent };
      for (const [key, value] of Object.entries(values))
        result.querySelector(`[data-cell="${name}.${key}"]`).textContent = value.toFixed(2);
      lane(name).querySelector("output").textContent = `${p50[name].toFixed(1)} ms`;
    }
    const verdict = document.createElement("strong");
    verdict.textContent = `The cached page came ${inWords(p50.uncached / p50.cached)}.`;
    status.replaceChildren(verdict, ` The first, cold request cost ${cold.toFixed(1)} ms.`);
    result.hidden = figure.hidden = false;
    draw(samples);
  }

  function draw(samples) {
    const style = getComputedStyle(document.documentElement);
    const colours = { uncached: style.getPropertyValue("--site-db"), cached: style.getPropertyValue("--site-cache") };
    Chart.defaults.color = getComputedStyle(document.body).color;
    Chart.defaults.borderColor = style.getPropertyValue("--bs-border-color");
    chart?.destroy();
    chart = new Chart(figure.querySelector("canvas"), {
      type: "line",
      data: {
        datasets: names.map((name) => ({
          label: name,
          data: samples[name]
            .map((one) => one.total)
            .sort((a, b) => a - b)
            .map((x, index, all) => ({ x, y: (100 * (index + 1)) / all.length })),
          borderColor: colours[name],
          backgroundColor: colours[name],
          pointRadius: 2,
          stepped: "after",
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        scales: {
          x: { type: "logarithmic", title: { display: true, text: "milliseconds" } },
          y: { beginAtZero: true, max: 100, title: { display: true, text: "% of the pages came within" } },
        },
      },
    });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const parameters = new URLSearchParams(new FormData(form));
    const [repetitions, concurrency] = ["repetitions", "concurrency"].map((name) => Number(parameters.get(name)));
    for (const name of ["repetitions", "concurrency"]) parameters.delete(name);
    const samples = { uncached: [], cached: [] };
    button.disabled = true;
    lanes.hidden = false;
    result.hidden = true;
    status.textContent = "The first, cold requests …";
    try {
      await page("uncached", parameters);
      const { cold } = await page("cached", parameters);
      for (let turn = 1; turn <= repetitions; turn++) {
        status.textContent = `Turn ${turn} of ${repetitions}`;
        for (const name of names) {
          const pages = Array.from({ length: concurrency }, () => page(name, parameters));
          samples[name].push(...(await Promise.all(pages)));
          showLanes(samples, repetitions * concurrency);
        }
      }
      showResult(samples, cold);
    } catch (error) {
      status.textContent = `The race was broken off. ${error.message}`;
    } finally {
      button.disabled = false;
    }
  });
})();
