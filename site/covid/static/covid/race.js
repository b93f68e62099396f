// The race in the visitor's own browser: pages are asked for over the network, in turns, as a person would.
// What the server did is in each answer's Server-Timing; the rest of the time is the network's and the browser's.
"use strict";

(() => {
  const form = document.querySelector("form.race");
  const status = document.querySelector(".race-status");
  const lanes = document.querySelector(".lanes");
  const result = document.getElementById("result");
  const button = form.querySelector("button");
  const names = ["uncached", "cached"];
  const kinds = ["db", "cache", "render", "other", "network"];
  let samples;

  const lane = (name) => lanes.querySelector(`[data-lane="${name}"]`);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const percentile = (values, share) =>
    [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];
  const inWords = (ratio) => {
    const [times, word] = ratio >= 1 ? [ratio, "faster"] : [1 / ratio, "slower"];
    return times.toFixed(1) === "1.0" ? "equally fast" : `${times.toFixed(times >= 10 ? 0 : 1)} times ${word}`;
  };

  function shape(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  async function page(name, parameters) {
    const began = performance.now();
    const asked = fetch(`${lane(name).dataset.url}?${parameters}`, { cache: "no-store", credentials: "omit" });
    const answer = await asked.catch(() => {
      throw new Error("The site did not answer.");
    });
    if (!answer.ok) throw new Error(`The ${name} page answered ${answer.status}.`);
    await answer.arrayBuffer();
    const total = performance.now() - began;
    const header = answer.headers.get("Server-Timing") ?? "";
    const told = Object.fromEntries([...header.matchAll(/(\w+);dur=([\d.]+)/g)].map((one) => [one[1], Number(one[2])]));
    const spent = Object.fromEntries(["db", "cache", "render"].map((kind) => [kind, told[kind] ?? 0]));
    spent.other = Math.max(0, told.total - sum(Object.values(spent)));
    spent.network = Math.max(0, total - told.total);
    const outcome = answer.headers.get("X-Cache");
    const cold = outcome === "miss" ? total : Number(answer.headers.get("X-Cache-Cost"));
    return { total, spent, outcome, cold };
  }

  function tell(name, milliseconds, what) {
    lane(name).querySelector(".lane-time span").textContent = `${milliseconds.toFixed(1)} ms`;
    lane(name).querySelector(".lane-time small").textContent = what;
  }

  function showLanes(expected) {
    const slowest = Math.max(...names.flatMap((name) => samples[name].map((one) => one.total)));
    for (const name of names) {
      const taken = samples[name];
      const svg = lane(name).querySelector("svg");
      svg.setAttribute("viewBox", `0 0 ${expected} 100`);
      svg.replaceChildren(
        ...taken.map((one, index) =>
          shape("rect", { x: index + 0.1, y: 0, width: 0.8, height: (100 * one.total) / slowest }),
        ),
      );
      if (taken.length) tell(name, taken.at(-1).total, `page ${taken.length} of ${expected}`);
    }
  }

  function showResult(cold) {
    const medians = {};
    for (const name of names) {
      const totals = samples[name].map((one) => one.total);
      const p50 = percentile(totals, 0.5);
      medians[name] = samples[name].find((one) => one.total === p50);
      const values = { p50, p95: percentile(totals, 0.95), ...medians[name].spent };
      for (const [key, value] of Object.entries(values))
        result.querySelector(`[data-cell="${name}.${key}"]`).textContent = value.toFixed(2);
      tell(name, p50, "median");
    }
    const slower = Math.max(...names.map((name) => medians[name].total));
    for (const name of names) {
      let x = 0;
      const parts = kinds.map((kind) => {
        const width = (100 * medians[name].spent[kind]) / slower;
        x += width;
        return shape("rect", { class: kind, x: x - width, y: 0, width, height: 1 });
      });
      result.querySelector(`[data-split="${name}"]`).replaceChildren(...parts);
    }
    const verdict = document.createElement("strong");
    verdict.textContent = `The cached page came ${inWords(medians.uncached.total / medians.cached.total)}.`;
    const bypassed = samples.cached.some((one) => one.outcome === "bypass");
    const remark = bypassed
      ? "The cache is out: its pages came from the database."
      : `The first, cold request cost ${cold.toFixed(1)} ms.`;
    status.replaceChildren(verdict, ` ${remark}`);
    result.hidden = false;
    draw();
  }

  // 1, 2, 5, 10 … of the logarithmic scale's many lines.
  function roundFigure(value) {
    const digit = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
    return [1, 2, 5].includes(digit) && Number(value.toPrecision(1)) === Number(value.toPrecision(6))
      ? String(Number(value.toPrecision(1)))
      : null;
  }

  const draw = charts.on(result.querySelector("figure"), () => ({
    type: "line",
    data: {
      datasets: names.map((name) => ({
        label: lane(name).querySelector("h2").textContent,
        data: samples[name]
          .map((one) => one.total)
          .sort((a, b) => a - b)
          .map((x, index, all) => ({ x, y: (100 * (index + 1)) / all.length })),
        borderColor: charts.colour(`--site-${name}`),
        backgroundColor: charts.colour(`--site-${name}`),
        clip: 8, // pixels: the line along 100 % shows in full
        pointRadius: 3,
        stepped: "after",
      })),
    },
    options: {
      interaction: { mode: "nearest", intersect: false },
      scales: {
        x: {
          type: "logarithmic",
          title: { display: true, text: "milliseconds" },
          ticks: { callback: roundFigure, maxRotation: 0 },
        },
        y: { beginAtZero: true, max: 100, title: { display: true, text: "% of the pages came within" } },
      },
    },
  }));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.ariaDisabled === "true") return; // not `disabled`, which would take the focus away
    const parameters = new URLSearchParams(new FormData(form));
    const [repetitions, concurrency] = ["repetitions", "concurrency"].map((name) => Number(parameters.get(name)));
    for (const name of ["repetitions", "concurrency"]) parameters.delete(name);
    samples = { uncached: [], cached: [] };
    button.ariaDisabled = "true";
    result.hidden = true;
    status.textContent = "The race is on.";
    try {
      await page("uncached", parameters);
      const { cold } = await page("cached", parameters);
      for (let turn = 0; turn < repetitions; turn++) {
        for (const name of names) {
          const pages = Array.from({ length: concurrency }, () => page(name, parameters));
          samples[name].push(...(await Promise.all(pages)));
          showLanes(repetitions * concurrency);
        }
      }
      showResult(cold);
    } catch (error) {
      status.textContent = `The race was broken off. ${error.message}`;
    } finally {
      button.ariaDisabled = "false";
    }
  });

  // A result that the server brought is drawn too.
  const brought = names.map((name) => [name, JSON.parse(lane(name).dataset.milliseconds)]);
  if (brought.every(([, milliseconds]) => milliseconds.length)) {
    samples = Object.fromEntries(brought.map(([name, all]) => [name, all.map((total) => ({ total }))]));
    draw();
  }
})();
