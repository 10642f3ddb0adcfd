// The browse page: keys, pickers, tabs, columns, and the marks between columns. Each part works
// without the others; without any of this the page has plain forms and links.
import "./player.js";
import { startColumns } from "./browse-columns.js";
import { startMarks } from "./browse-marks.js";
import { startPickers } from "./browse-pickers.js";
import { startTabs } from "./browse-tabs.js";
import { walkItems } from "./items.js";

walkItems({ within: (item) => item?.closest(".system") ?? document, seek: true });
startPickers();
startTabs();
startColumns();
startMarks();
