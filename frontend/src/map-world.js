// Land and borders of Natural Earth (the package world-atlas), drawn on a canvas in Web Mercator: x and y from 0 to 1.
const EDGE = 85.05113;

export function toX(longitude) { return longitude / 360 + 0.5; }

export function toY(latitude) {
  const sine = Math.sin((Math.max(-EDGE, Math.min(EDGE, latitude)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

export function toLongitude(x) { return (x - 0.5) * 360; }

export function toLatitude(y) { return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI; }

/** The arcs of a TopoJSON file as lines of x, y; the rings of its land; the arcs that two countries share. */
export function decode(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    const line = new Float64Array(arc.length * 2);
    let x = 0, y = 0;
    arc.forEach(([dx, dy], place) => {
      x += dx;
      y += dy;
      line[place * 2] = toX(x * scale[0] + translate[0]);
      line[place * 2 + 1] = toY(y * scale[1] + translate[1]);
    });
    return line;
  });
  const rings = ringsOf(topology.objects.land).flatMap((ring) => unrolled(stitched(ring, arcs)).map(withEdges));
  const uses = new Map();
  for (const ring of ringsOf(topology.objects.countries)) {
    for (const index of ring) uses.set(index < 0 ? ~index : index, (uses.get(index < 0 ? ~index : index) ?? 0) + 1);
  }
  const borders = arcs.filter((_, index) => uses.get(index) > 1).map(withEdges);
  return { rings, borders };
}

function ringsOf(geometry) {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(ringsOf);
  return geometry.type === "MultiPolygon" ? geometry.arcs.flat() : geometry.arcs ?? [];
}

function stitched(ring, arcs) {
  const line = [];
  for (const index of ring) {
    const arc = arcs[index < 0 ? ~index : index];
    const count = arc.length / 2;
    for (let step = line.length ? 1 : 0; step < count; step++) {
      const place = index < 0 ? count - 1 - step : step;
      line.push(arc[place * 2], arc[place * 2 + 1]);
    }
  }
  return line;
}

/** A ring that goes across the 180th meridian is drawn twice, each time as far as the map; one round a pole is closed. */
function unrolled(line) {
  for (let place = 2; place < line.length; place += 2) line[place] -= Math.round(line[place] - line[place - 2]);
  const [first, last] = [line[0], line[line.length - 2]];
  if (Math.abs(last - first) > 0.5) line.push(last, 1, first, 1);
  const { left, right } = withEdges(line);
  const moved = (by) => line.map((each, place) => (place % 2 ? each : each + by));
  return [line, ...(left < 0 ? [moved(1)] : []), ...(right > 1 ? [moved(-1)] : [])];
}

function withEdges(line) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let place = 0; place < line.length; place += 2) {
    left = Math.min(left, line[place]);
    right = Math.max(right, line[place]);
    top = Math.min(top, line[place + 1]);
    bottom = Math.max(bottom, line[place + 1]);
  }
  return { line, left, top, right, bottom };
}

/** Adds those that can be seen to the path, without the points that fall on the pixel of the last one. */
function trace(context, lines, view) {
  context.beginPath();
  for (const { line, left, top, right, bottom } of lines) {
    if (right < view.left || left > view.right || bottom < view.top || top > view.bottom) continue;
    let lastX = Infinity, lastY = Infinity;
    for (let place = 0; place < line.length; place += 2) {
      const x = (line[place] - view.left) * view.scale, y = (line[place + 1] - view.top) * view.scale;
      if (place === 0) context.moveTo(x, y);
      else if (Math.abs(x - lastX) + Math.abs(y - lastY) > 0.7 || place === line.length - 2) context.lineTo(x, y);
      else continue;
      [lastX, lastY] = [x, y];
    }
  }
}

/** Parallels and meridians, as far apart as the view is wide. */
function graticule(context, view) {
  const wide = (view.right - view.left) * 360;
  const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01].find((each) => wide / each > 4) ?? 0.01;
  context.beginPath();
  for (let degree = Math.ceil(toLongitude(view.left) / step) * step; degree <= toLongitude(view.right); degree += step) {
    const x = (toX(degree) - view.left) * view.scale;
    context.moveTo(x, 0);
    context.lineTo(x, view.height);
  }
  const [north, south] = [toLatitude(view.top), toLatitude(view.bottom)];
  for (let degree = Math.ceil(south / step) * step; degree <= north; degree += step) {
    const y = (toY(degree) - view.top) * view.scale;
    context.moveTo(0, y);
    context.lineTo(view.width, y);
  }
  context.stroke();
}

/** The parts of a view from the server the organisation named, where there is one. */
function drawTiles(context, view, tiles, again) {
  const zoom = Math.max(0, Math.min(19, Math.round(Math.log2(view.scale / 256))));
  const count = 2 ** zoom, side = view.scale / count;
  for (let x = Math.max(0, Math.floor(view.left * count)); x < Math.min(count, view.right * count); x++) {
    for (let y = Math.max(0, Math.floor(view.top * count)); y < Math.min(count, view.bottom * count); y++) {
      const picture = tiles.get(zoom, x, y, again);
      if (picture) context.drawImage(picture, x * side - view.left * view.scale, y * side - view.top * view.scale, side, side);
    }
  }
}

export function draw(context, view, world, tiles, again) {
  const style = getComputedStyle(context.canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  context.fillStyle = colour("--map-sea");
  context.fillRect(0, 0, view.width, view.height);
  context.lineWidth = 1;
  context.strokeStyle = colour("--map-grid");
  graticule(context, view);
  context.save();
  context.beginPath();
  context.rect(-view.left * view.scale, -view.top * view.scale, view.scale, view.scale);
  context.clip();
  if (world) {
    trace(context, world.rings, view);
    context.fillStyle = colour("--map-land");
    context.fill("evenodd");
    context.strokeStyle = colour("--map-coast");
    context.stroke();
    trace(context, world.borders, view);
    context.strokeStyle = colour("--map-border");
    context.stroke();
  }
  if (tiles) drawTiles(context, view, tiles, again);
  context.restore();
}

/** Draws the circle that customers are looked for in; on this projection it is round enough. */
export function drawCircle(context, view, [latitude, longitude, km]) {
  const radius = (km / 40030 / Math.cos((latitude * Math.PI) / 180)) * view.scale;
  context.beginPath();
  context.arc((toX(longitude) - view.left) * view.scale, (toY(latitude) - view.top) * view.scale, radius, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = getComputedStyle(context.canvas).getPropertyValue("--map-mark").trim();
  context.stroke();
}

/** Pictures by their address in the template's words, as many as a few screens need. */
export function tilesOf(template) {
  const pictures = new Map();
  return {
    get(zoom, x, y, again) {
      const url = template.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
      if (!pictures.has(url)) {
        const picture = new Image();
        picture.onload = again;
        picture.src = url;
        pictures.set(url, picture);
        if (pictures.size > 400) pictures.delete(pictures.keys().next().value);
      }
      const picture = pictures.get(url);
      return picture?.complete && picture.naturalWidth ? picture : null;
    },
  };
}
