// Charts of the overview's numbers, drawn by uPlot in the colours that the style sheet
// gives to their legends.

import uPlot from './vendor/uplot/uPlot.esm.js'

const height = 168

// chart draws into a figure: columns are those of its legend. "bars" are the first two
// columns on top of each other, and the third as dots.
export function chart(figure, numbers, language) {
  figure.hidden = false
  const keys = [...figure.querySelectorAll('[data-column]')]
  const columns = keys.map((key) => Number(key.dataset.column))
  const stacked = figure.dataset.chart === 'bars'
  const inMs = figure.dataset.unit === 'ms'
  const place = figure.appendChild(document.createElement('div'))
  place.ariaHidden = 'true' // the table tells it
  const at = figure.appendChild(document.createElement('p'))
  at.className = 'chart-at'
  at.ariaHidden = 'true'
  at.hidden = true

  const colour = (element, property = 'color') => getComputedStyle(element)[property]
  const keyColour = (i) => () => getComputedStyle(keys[i], '::before').backgroundColor
  const quiet = () => colour(figure)
  const line = () => colour(figure, 'borderTopColor')
  let own = numbers

  // All numbers of an axis are in one unit: that of the greatest.
  const write = (value, greatest = value) => {
    if (value === null || value === undefined) return '–'
    const number = (n) => new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(n)
    if (!inMs) return new Intl.NumberFormat(language).format(value)
    if (greatest < 1000) return `${number(value)} ms`
    return greatest < 120_000 ? `${number(value / 1000)} s` : `${number(value / 60_000)} min`
  }
  const when = (seconds) => {
    const spanned = own[0].at(-1) - own[0][0]
    const form = spanned > 2 * 86_400 ? { weekday: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' }
    return new Intl.DateTimeFormat(language, form).format(1000 * seconds)
  }
  const exactly = new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit' })

  // What is drawn last is in front: the second column's bar is as high as both.
  // A line's points are in the middle of their steps, where bars are too.
  const data = () => {
    const middles = own[0].map((at) => at + step() / 2)
    const all = columns.map((column) => own[column] ?? [])
    if (!stacked) return [middles, ...all]
    const [first, second, dots] = all
    return [middles, first.map((n, i) => n + second[i]), first, dots.map((n) => n || null)]
  }
  const step = () => (own[0][1] ?? own[0][0] + 1) - own[0][0]
  const bars = uPlot.paths.bars({ size: [0.82, 36] })
  const series = stacked
    ? [
        { fill: keyColour(1), width: 0, paths: bars, points: { show: false } },
        { fill: keyColour(0), width: 0, paths: bars, points: { show: false } },
        { stroke: keyColour(2), paths: () => null, points: { show: true, size: 7, width: 2, stroke: keyColour(2), fill: keyColour(2) } },
      ]
    : keys.map((_, i) => ({ stroke: keyColour(i), width: 1.75, points: { show: (_, __, from, to) => to - from < 40, size: 4, fill: keyColour(i) } }))

  const plot = new uPlot({
    width: Math.max(place.clientWidth, 120),
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !stacked } },
    scales: {
      x: { range: () => [own[0][0], own[0].at(-1) + step()] },
      y: { range: (_, __, most) => [0, Math.max(1.1 * (most ?? 0), inMs ? 10 : 4)] },
    },
    axes: [
      { stroke: quiet, grid: { show: false }, ticks: { stroke: line, size: 4 }, gap: 4, size: 26, font: `11px ${colour(figure, 'fontFamily')}`, values: (_, splits) => splits.map(when) },
      { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 6, size: inMs ? 58 : 44, space: 34, font: `11px ${colour(figure, 'fontFamily')}`, incrs: inMs ? times : whole, values: (_, splits) => splits.map((split) => write(split, splits.at(-1))) },
    ],
    series: [{}, ...series],
    hooks: { setCursor: [({ cursor }) => {
      at.hidden = !(cursor.idx >= 0) || cursor.left < 0
      if (!at.hidden) at.textContent = told(cursor.idx)
    }] },
  }, data(), place)

  function told(i) {
    return [exactly.format(1000 * own[0][i]), ...keys.map((key, k) => `${key.textContent} ${write(own[columns[k]][i])}`)].join(' · ')
  }

  new ResizeObserver(() => plot.setSize({ width: Math.max(place.clientWidth, 120), height })).observe(place)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw(false))

  return {
    update(numbers) {
      own = numbers
      plot.setData(data())
    },
  }
}

// Steps of an axis: nothing is counted in halves.
const whole = [1, 2, 5].flatMap((n) => Array.from({ length: 10 }, (_, zeros) => n * 10 ** zeros)).sort((a, b) => a - b)
// Nor is time, beyond a second: the steps are those of a clock.
const times = [...whole.filter((n) => n <= 20_000), 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, ...whole.map((n) => 3_600_000 * n)]
