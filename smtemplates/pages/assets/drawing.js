/** Dash every box of which nothing is there, and the arrows from and to it. */
function dash() {
  const areas = [...document.querySelectorAll(".drawing .area")];
  const empty = areas.map(area => !area.querySelector("[data-resource]:not(.absent)"));
  areas.forEach((area, index) => area.classList.toggle("empty", empty[index]));
  for (const { classList, dataset } of document.querySelectorAll(".drawing polyline"))
    classList.toggle("empty", empty[dataset.from] || empty[dataset.to]);
}
