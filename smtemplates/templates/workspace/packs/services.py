"""The workflow packs for other services of AWS."""

from __future__ import annotations

from collections.abc import Callable

from awacs.aws import ArnLike, Condition
from troposphere import Parameter, Select, Split, Sub

from smtemplates.core.construct import placeholder
from smtemplates.core.iam import actions, allow, in_this_region, regional_arns
from smtemplates.templates.workspace.packs.pack import DOCS, Pack, Permission

# The packs with names do not fit into the policy of the other packs.
POLICY = "ServicePacksPolicy"
MOST_MODELS, MOST_WORKGROUPS, MOST_DATABASES = 4, 3, 4


def bedrock(models: Parameter) -> Pack:
    """Allow models of Bedrock by their IDs, or by the IDs of inference profiles."""
    invoke = actions("bedrock", "InvokeModel", "InvokeModelWithResponseStream")
    profiles = _named(models, MOST_MODELS, lambda item: regional_arns("bedrock", "inference-profile/${N}", N=item))
    source = f"{DOCS}/bedrock/latest/userguide/inference-profiles-prereq.html"
    return Pack(
        name="Bedrock",
        policy=POLICY,
        allows="Calls of the models in BedrockModelIds, also with the Converse API.",
        note="An inference profile calls its models in several Regions. A service control policy or a permissions "
        "boundary that denies one of these Regions also denies the call.",
        permissions=(
            Permission(
                statement=allow(
                    "InvokeModels",
                    invoke,
                    [
                        *_named(
                            models,
                            MOST_MODELS,
                            lambda item: [
                                Sub("arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/${N}", N=item)
                            ],
                        ),
                        *profiles,
                    ],
                ),
                reason="Call the named models and inference profiles in this Region.",
                source=source,
            ),
            Permission(
                statement=allow(
                    "InvokeByProfile",
                    invoke,
                    [Sub("arn:${AWS::Partition}:bedrock:*::foundation-model/*")],
                    Condition(ArnLike({"bedrock:InferenceProfileArn": profiles})),
                ),
                reason="A call through a named profile also needs the model in each Region of the profile.",
                source=source,
            ),
        ),
    )


def data_lake(workgroups: Parameter, databases: Parameter) -> Pack:
    """Allow queries with named workgroups on named databases."""
    glue = ("GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetPartition", "GetPartitions")
    return Pack(
        name="DataLake",
        policy=POLICY,
        allows="Athena queries in the workgroups in AthenaWorkgroupNames on the databases in GlueDatabaseNames.",
        note="The result location of the workgroup must be in a bucket of the workspace. Table data in other buckets "
        "needs Lake Formation or an additional policy.",
        permissions=(
            Permission(
                statement=allow(
                    "QueryTables",
                    actions(
                        "athena",
                        "BatchGetQueryExecution",
                        "GetQueryExecution",
                        "GetQueryResults",
                        "GetQueryResultsStream",
                        "GetWorkGroup",
                        "StartQueryExecution",
                        "StopQueryExecution",
                    ),
                    _named(workgroups, MOST_WORKGROUPS, lambda item: regional_arns("athena", "workgroup/${N}", N=item)),
                ),
                reason="Run queries and read their results, in the named workgroups only.",
                source=f"{DOCS}/athena/latest/ug/example-policies-workgroup.html",
            ),
            Permission(
                statement=allow(
                    "SeeTables",
                    actions("glue", "BatchGetPartition", *glue),
                    [
                        *regional_arns("glue", "catalog", "database/default"),
                        *_named(
                            databases,
                            MOST_DATABASES,
                            lambda item: regional_arns("glue", "database/${N}", "table/${N}/*", N=item),
                        ),
                    ],
                ),
                reason="Athena reads the definitions of tables with the permissions of the caller. It also reads the "
                "definition of the database default, but no tables of it.",
                source=f"{DOCS}/athena/latest/ug/fine-grained-access-to-glue-resources.html",
            ),
            Permission(
                statement=allow("ReadLake", actions("lakeformation", "GetDataAccess"), ["*"], in_this_region()),
                reason="Lake Formation decides about the data of tables that are registered with it.",
                source=f"{DOCS}/lake-formation/latest/dg/access-control-underlying-data.html",
            ),
        ),
    )


def logs_insights() -> Pack:
    """Allow queries on the logs of jobs and endpoints."""
    query = actions("logs", "GetLogGroupFields", "GetLogRecord", "GetQueryResults", "StartQuery")
    source = f"{DOCS}/service-authorization/latest/reference/list_amazoncloudwatchlogs.html"
    return Pack(
        name="LogsInsights",
        policy=POLICY,
        allows="Queries of CloudWatch Logs Insights on the logs of jobs and endpoints.",
        note="All teams of the account share the log groups /aws/sagemaker/*. Queries are charged by the data that "
        "they scan.",
        permissions=(
            Permission(
                statement=allow("QueryLogs", query, regional_arns("logs", "log-group:/aws/sagemaker/*")),
                reason="Query the log groups of SageMaker, and read the results.",
                source=source,
            ),
            Permission(
                statement=allow("StopQueries", actions("logs", "StopQuery"), ["*"], in_this_region()),
                reason="Stop a query. The action supports no resource.",
                source=source,
            ),
        ),
    )


def _named(names: Parameter, most: int, arns: Callable[[Select], list[Sub]]) -> list[Sub]:
    """Return the ARNs of each item of a text with at most so many items, which repeat if there are fewer.

    A repetition has no effect in a list of resources, and does not look like a mistake, as an ARN without a name does.
    """
    several = Split(",", Sub(",".join([placeholder(names)] * most)))
    return [arn for place in range(most) for arn in arns(Select(place, several))]
