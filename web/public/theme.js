// Before the first paint, so that a dark desk never flashes white. The app keeps it up to date.
try {
  const theme = localStorage.getItem('trustcart.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  document.documentElement.lang = localStorage.getItem('trustcart.language') === 'en' ? 'en' : 'bn'
} catch {
  // Storage refused: the system's theme and Bangla.
}
