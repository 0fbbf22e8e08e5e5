/* Run axe-core's rules over the page, but those of colours only over what looks otherwise than all
that was seen before.

How a text looks is what its contrast comes from: the colours, pictures and opacity of itself and of
all that it lies in, and the size and weight of its letters. What has been seen is told, and answered, as one text: lists take
the browser's driver longer. */
async ({tags, colours, seen}) => {
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

  const known = new Set(seen.split(" ")), looks = [], fresh = [];
  for (const node of document.body.querySelectorAll("*")) {
    if (!isText(node) || !node.checkVisibility()) continue;
    const name = look(node);
    if (known.has(name)) continue;
    known.add(name);
    looks.push(name);
    fresh.push(node);
  }
  const without = Object.fromEntries(colours.map(rule => [rule, {enabled: false}]));
  const how = {resultTypes: ["violations"]};
  const {violations} = await axe.run(document, {...how, runOnly: tags, rules: without});
  if (fresh.length) {
    const found = await axe.run({include: fresh}, {...how, runOnly: colours});
    violations.push(...found.violations);
  }
  return {looks: looks.join(" "), violations};
}
