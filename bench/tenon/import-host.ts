// What importing the package of host authors costs.
import "@tenon/host";
