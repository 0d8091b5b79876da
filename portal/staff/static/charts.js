// Draws each table with `data-chart` into the .chart beside it: the table has the numbers.
"use strict";
(function () {
  const COLOURS = ["#0a4699", "#c4161c"];
  const number = (cell) => Number(cell.textContent.replace(/[^0-9-]/g, ""));

  function read(table) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
    if ("newestFirst" in table.dataset) rows.reverse(); // Charts run from left to right.
    return {
      names: heads.slice(1),
      labels: rows.map((cells) => cells[0].textContent.trim()),
      columns: heads.slice(1).map((_, n) => rows.map((cells) => number(cells[n + 1]))),
    };
  }

  // Bars that lie, one for each line: for labels that are words.
  function lying(table, place) {
    const { labels, columns } = read(table);
    const most = Math.max(1, ...columns[0]);
    labels.forEach((label, n) => {
      const line = document.createElement("div");
      line.className = "bar";
      const words = document.createElement("span");
      words.textContent = label;
      const bar = document.createElement("i");
      bar.style.width = `${(100 * columns[0][n]) / most}%`;
      line.append(words, bar);
      place.append(line);
    });
  }

  function standing(table, place, kind) {
    const { names, labels, columns } = read(table);
    const width = () => Math.max(240, Math.floor(place.getBoundingClientRect().width));
    const bars = uPlot.paths.bars({ size: [0.7, 48] });
    const series = names.map((name, n) => ({
      label: name,
      stroke: COLOURS[n],
      width: 2,
      fill: kind === "bars" || n > 0 ? COLOURS[n] + "b0" : COLOURS[n] + "30",
      paths: kind === "bars" || n > 0 ? bars : undefined,
      points: { show: kind !== "bars" && n === 0 },
    }));
    const every = (u) => Math.max(1, Math.ceil(labels.length / Math.max(1, u.width / 52)));
    const axis = { stroke: "#1c2330", font: "14px system-ui, Roboto, sans-serif", grid: { stroke: "#e0dac9", width: 1 }, ticks: { stroke: "#e0dac9", width: 1 } };
    const plot = new uPlot(
      {
        width: width(),
        height: 240,
        cursor: { show: false },
        legend: { show: names.length > 1, live: false },
        scales: {
          x: { time: false, range: () => [-0.7, labels.length - 0.3] },
          y: { range: (u, low, high) => [0, Math.max(4, high * 1.1)] },
        },
        axes: [
          { ...axis, grid: { show: false }, splits: (u) => labels.map((_, n) => n).filter((n) => n % every(u) === 0), values: (u, places) => places.map((n) => labels[n]) },
          { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
        ],
        series: [{}, ...series],
      },
      [labels.map((_, n) => n), ...columns],
      place,
    );
    addEventListener("resize", () => plot.setSize({ width: width(), height: 240 }));
  }

  for (const table of document.querySelectorAll("table[data-chart]")) {
    const place = table.closest(".pair").querySelector(".chart");
    const kind = table.dataset.chart;
    if (kind === "lying") lying(table, place);
    else standing(table, place, kind);
  }
})();
