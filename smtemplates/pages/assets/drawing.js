/** Draw a dashed outline around every box without an existing resource, and dash the arrows from and to it. */
function dash() {
  const groups = [...document.querySelectorAll(".drawing .group")];
  const empty = groups.map(group => !group.querySelector("[data-resource]:not(.absent)"));
  groups.forEach((group, index) => group.classList.toggle("empty", empty[index]));
  for (const { classList, dataset } of document.querySelectorAll(".drawing [data-from]"))
    classList.toggle("empty", empty[dataset.from] || empty[dataset.to]);
}
