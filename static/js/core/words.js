// Words of the page with what is known only here in them.

const { lang } = document.documentElement;
const rules = new Intl.PluralRules(lang);

const forms = [0, 1].map((digits) => new Intl.NumberFormat(lang, {
  minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false, numberingSystem: "latn",
}));

// Return a number, with no digit or one behind the point, as the page's language writes it; always with
// the ten digits that are on the keys.
export function numeral(value, digits = 0) {
  return forms[digits].format(value);
}

// Words with a {count}, out of their plural forms: JSON by category, as the server has them.
export function counted(words, count) {
  const found = JSON.parse(words);
  return (found[rules.select(count)] ?? found.other).replace("{count}", count);
}
