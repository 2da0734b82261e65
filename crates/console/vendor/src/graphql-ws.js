export { createClient } from "graphql-ws/client";
