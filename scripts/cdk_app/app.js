// The same stack for the CDK: it takes the rendered template in as it is, so that both make the same resources.
const { App, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, "Workspace");
new CfnInclude(stack, "Template", { templateFile: process.env.TEMPLATE });
app.synth();
