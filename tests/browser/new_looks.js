/* Run axe-core's rules over the page, but each only over what can fail it and was not asked before.

Those of colours: over what looks otherwise than all that was seen. How a text looks is what its
contrast comes from: the colours, pictures and opacity of itself and of all that it lies in, and the
size and weight of its letters.

That of the size of targets: over those that are small or lie under something, and do so among
others than they did before. Any other passes it.

All others, of a page that is looked at again at another width: only if something came or went with
the width that did so on no page before. They go by what there is and what of it is to be seen; but
for the one of parts that scroll, which is asked at each width.

What has been seen is told, and answered, as one text: lists take the browser's driver longer. */
async ({tags, colours, seen, again}) => {
  const LEAST = 24;  // pixels, of WCAG's 2.5.8
  const digest = text => {  // cyrb53: the looks are long, and go to and fro
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
  };
  const grounds = new Map();
  const ground = node => {
    if (!node) return "";
    if (!grounds.has(node)) {
      const is = getComputedStyle(node);
      grounds.set(node, digest([
        ground(node.parentElement), is.color, is.backgroundColor, is.backgroundImage, is.opacity,
        is.filter, is.mixBlendMode, is.textShadow, is.textDecorationLine, is.position,
      ].join("|")));
    }
    return grounds.get(node);
  };
  const look = node => {
    const is = getComputedStyle(node);
    return digest([ground(node), is.fontSize, is.fontWeight, node.matches("a, :disabled")].join("|"));
  };
  const isText = node => node.matches("input, select, textarea")
    || [...node.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim());

  const known = new Set(seen.split(" ")), looks = [];
  const isNew = name => {
    if (known.has(name)) return false;
    known.add(name);
    looks.push(name);
    return true;
  };
  const all = [...document.body.querySelectorAll("*")];
  const fresh = all.filter(node => isText(node) && node.checkVisibility() && isNew(look(node)));

  const rects = new Map(all.map(node => [node, node.getBoundingClientRect()]));
  const isShown = node => {
    const is = rects.get(node);
    return is.width > 1 && is.height > 1 && is.right + scrollX > 0 && is.bottom + scrollY > 0
      && node.checkVisibility({opacityProperty: true, visibilityProperty: true});
  };
  const shown = new Set(all.filter(isShown)), before = again && window.shownBefore;
  window.shownBefore = shown;

  const html = node => node.outerHTML.replace(/ name="csrf_token" value="[^"]*"/g, "");
  const place = (node, from) => {
    const is = rects.get(node), {left, top} = rects.get(from);
    return [is.left - left, is.top - top, is.width, is.height].map(size => size.toFixed(1));
  };
  const isNear = (a, b, within) => a.left < b.right + within && b.left < a.right + within
    && a.top < b.bottom + within && b.top < a.bottom + within;
  const isTight = node => {
    const is = rects.get(node);
    const about = [...shown].filter(other => isNear(is, rects.get(other), LEAST)
      && !node.contains(other) && !other.contains(node));
    const free = is.width >= LEAST && is.height >= LEAST
      && !about.some(other => isNear(is, rects.get(other), 0));
    return !free && isNew(digest([
      html(node.parentElement), place(node, node), ...about.map(other => place(other, node)),
    ].join("|")));
  };
  const tight = [...shown].filter(node => node.tabIndex >= 0 && isTight(node));

  const changed = node => before.has(node) !== shown.has(node);
  const change = node => digest(
    [shown.has(node), html(node.parentElement.cloneNode()), html(node)].join("|"));
  const isAnother = !before || all.filter(
    node => changed(node) && !changed(node.parentElement)
  ).map(change).filter(isNew).length > 0;

  const how = {resultTypes: ["violations"]}, violations = [];
  const ask = async (where, more) => violations.push(...(await axe.run(where, {...how, ...more})).violations);
  if (isAnother) {
    const others = [...colours, "target-size"].map(rule => [rule, {enabled: false}]);
    await ask(document, {runOnly: tags, rules: Object.fromEntries(others)});
  } else {
    const scrolling = all.filter(
      ({scrollWidth, clientWidth, scrollHeight, clientHeight}) => scrollWidth > clientWidth
        || scrollHeight > clientHeight
    ).filter(node => /auto|scroll/.test(getComputedStyle(node).overflow));
    if (scrolling.length) await ask({include: scrolling}, {runOnly: ["scrollable-region-focusable"]});
  }
  if (fresh.length) await ask({include: fresh}, {runOnly: colours});
  if (tight.length) await ask({include: tight}, {runOnly: ["target-size"]});
  return {looks: looks.join(" "), violations};
}
