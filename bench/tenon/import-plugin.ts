// What importing the package of plugin authors costs.
import "@tenon/plugin";
