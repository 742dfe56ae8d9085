// A CDK app for scripts/bench: it builds the workspace from the rendered template.
const { App, Stack, DefaultStackSynthesizer } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const app = new App({ analyticsReporting: false });
const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false });
const stack = new Stack(app, "Workspace", { synthesizer });
new CfnInclude(stack, "Template", { templateFile: process.env.TEMPLATE });
