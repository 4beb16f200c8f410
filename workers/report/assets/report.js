"use strict";
(function () {
  const drawn = new Set();
  function draw(id) {
    const holder = document.getElementById(id);
    if (holder === null || drawn.has(id)) return;
    drawn.add(id);
    JSON.parse(holder.textContent).forEach(function (item) { Bokeh.embed.embed_item(item); });
  }
  function show(number) {
    document.querySelectorAll("section.campaign").forEach(function (section) {
      section.hidden = section.dataset.number !== number;
    });
    draw("figures-" + number);
  }
  document.addEventListener("DOMContentLoaded", function () {
    draw("figures-calibration");
    draw("figures-rates");
    draw("figures-paid");
    const choice = document.getElementById("choice");
    if (choice === null) return;
    choice.addEventListener("change", function () { show(choice.value); });
    show(choice.value);
  });
})();
