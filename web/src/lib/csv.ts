/** How a cell begins that a spreadsheet runs as a formula: behind spaces and marks of no width too. */
const FORMULA = /^[ \p{Cf}]*[=+\-@\t\r\n＝＋－＠]/u

/** Rows as a CSV file that spreadsheets open with Bangla intact (BOM), quoted where needed. */
export function csv(rows: (string | number)[][]): string {
  const cell = (value: string | number) => {
    // A spreadsheet would run it as a formula; an import takes the apostrophe off again.
    const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : `${value}`
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Hands a file to the person. */
export function download(name: string, content: string | Blob, type = 'text/csv'): void {
  const blob = content instanceof Blob ? content : new Blob([content], { type })
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // After the click has been handled; at once would cancel the download in some browsers.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
