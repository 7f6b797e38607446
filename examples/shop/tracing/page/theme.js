// The chosen theme, before the first paint; without one the system decides.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* private mode: nothing is remembered */ }
