// What is live on a page is fetched again and put in its place, while the page is looked at and nothing in it is in use.
"use strict";
const EVERY = 10000;

const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

const renew = async () => {
  const parts = document.querySelectorAll("[data-live]");
  if (document.hidden || parts.length === 0) return;
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of parts) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && !inUse(part)) part.replaceWith(next);
  }
};

// Of a chart that does not fit, today is shown: within a time line, and at the end of other charts.
for (const chart of document.querySelectorAll(".chart")) {
  const today = chart.querySelector("line.today");
  const left = chart.getBoundingClientRect().left;
  chart.scrollLeft = today ? today.getBoundingClientRect().left - left - chart.clientWidth / 2 : chart.scrollWidth;
}

setInterval(() => renew().catch(() => {}), EVERY);
