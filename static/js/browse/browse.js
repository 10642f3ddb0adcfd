// The browse page: keys, pickers, what opens, tabs, columns, and the marks between columns. Each part works
// without the others; without any of this the page has plain forms and links.
import "../player/player.js";
import { setState } from "./address.js";
import { startColumns } from "./columns.js";
import { startMarks } from "./marks.js";
import { startPickers } from "./pickers.js";
import { startPopovers } from "./popovers.js";
import { startTabs } from "./tabs.js";
import { walkItems } from "../core/items.js";

walkItems({ within: (item) => item?.closest(".system") ?? document, seek: true });
startPickers();
startPopovers(".tool, .menu");
startTabs((system) => setState({ tab: [system] }));
startColumns();
startMarks();
