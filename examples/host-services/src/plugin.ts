import { hostServices, implement, runPlugin } from "@tenon/plugin";
import { shop } from "./contract.js";
import { fromValue, toValue } from "./values.js";

const spent = "SELECT COALESCE(SUM(cents), 0) / 100 AS euros FROM orders WHERE customer = ?";
const award = `INSERT INTO points (customer, points) VALUES (?, ?)
  ON CONFLICT (customer) DO UPDATE SET points = points + excluded.points RETURNING points`;

const plugin = implement(shop, {
  loyalty: {
    async award({ customer }, context) {
      const { database } = hostServices(shop, context);
      const query = async (sql: string, ...parameters: unknown[]) => {
        const { rows } = await database.query({ sql, parameters: parameters.map(toValue) });
        return rows.map(({ columns }) => columns);
      };
      const [order] = await query(spent, customer);
      const [account] = await query(award, customer, fromValue(order?.["euros"]));
      return { points: fromValue(account?.["points"]) as bigint };
    },
  },
});
export default plugin;

await runPlugin(plugin, import.meta);
