"""What a browser measured while it showed a page."""

METRICS = """() => new Promise(resolve => {
  const found = {lcp: 0, cls: 0};
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) found.lcp = entry.startTime;
  }).observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) found.cls += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(found), 800);
})"""
"""In milliseconds, and as a part of the window."""
