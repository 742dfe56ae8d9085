"""The data that is lost when CloudFormation deletes or replaces a resource, in words, by resource type.

CloudFormation deletes "the resource and all its content if applicable". A type without a row has no data that its
template does not describe.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
"""

from __future__ import annotations

# The contents that are deleted with a resource, and a noun for the resource. Its name follows, or replaces {name}.
_CONTENTS = {
    "AWS::ACMPCA::CertificateAuthority": "private key and certificates of certificate authority",
    "AWS::APS::Workspace": "metrics of Prometheus workspace",
    "AWS::AmazonMQ::Broker": "messages of broker",
    "AWS::Bedrock::KnowledgeBase": "data sources of knowledge base",
    "AWS::BedrockAgentCore::Memory": "memories of agent memory",
    "AWS::Cassandra::Keyspace": "tables of keyspace",
    "AWS::Cassandra::Table": "rows of table",
    "AWS::CloudFront::KeyValueStore": "keys of key value store",
    "AWS::CloudTrail::EventDataStore": "events of event data store",
    "AWS::Cloud9::EnvironmentEC2": "files of environment",
    "AWS::CodeArtifact::Domain": "packages of domain",
    "AWS::CodeArtifact::Repository": "packages of repository",
    "AWS::CodeCommit::Repository": "commits of repository",
    "AWS::Cognito::IdentityPool": "identities of identity pool",
    "AWS::Cognito::UserPool": "users of user pool",
    "AWS::DAX::Cluster": "cached items of cluster",
    "AWS::DSQL::Cluster": "databases of cluster",
    "AWS::DataZone::Domain": "projects and assets of domain",
    "AWS::DirectoryService::MicrosoftAD": "users and computers of directory",
    "AWS::DirectoryService::SimpleAD": "users and computers of directory",
    "AWS::DocDB::DBCluster": "databases of cluster",
    "AWS::DocDBElastic::Cluster": "databases of cluster",
    "AWS::DynamoDB::GlobalTable": "items of table",
    "AWS::DynamoDB::Table": "items of table",
    "AWS::EC2::Instance": "files on the volumes of instance",
    "AWS::EC2::Volume": "files on volume",
    "AWS::EFS::FileSystem": "files of file system",
    "AWS::EMR::Cluster": "files in the HDFS of cluster",
    "AWS::EMR::Studio": "workspaces of studio",
    "AWS::ElastiCache::CacheCluster": "cached data of cluster",
    "AWS::ElastiCache::ReplicationGroup": "cached data of replication group",
    "AWS::ElastiCache::ServerlessCache": "cached data of cache",
    "AWS::Elasticsearch::Domain": "indexes of domain",
    "AWS::FSx::FileSystem": "files of file system",
    "AWS::FSx::Volume": "files on volume",
    "AWS::Glue::Database": "tables in the catalog of database",
    "AWS::Grafana::Workspace": "dashboards of workspace",
    "AWS::HealthImaging::Datastore": "images of data store",
    "AWS::HealthLake::FHIRDatastore": "records of data store",
    "AWS::IoTAnalytics::Datastore": "messages of data store",
    "AWS::Kendra::Index": "documents of index",
    "AWS::Kinesis::Stream": "records of stream",
    "AWS::KinesisVideo::Stream": "videos of stream",
    "AWS::Lightsail::Database": "databases of server",
    "AWS::Lightsail::Disk": "files on disk",
    "AWS::Lightsail::Instance": "files of instance",
    "AWS::Logs::LogGroup": "log events of log group",
    "AWS::Logs::LogStream": "log events of log stream",
    "AWS::MSK::Cluster": "topics and messages of cluster",
    "AWS::MSK::ServerlessCluster": "topics and messages of cluster",
    "AWS::MemoryDB::Cluster": "data of cluster",
    "AWS::Neptune::DBCluster": "graph of cluster",
    "AWS::NeptuneGraph::Graph": "data of graph",
    "AWS::Omics::AnnotationStore": "annotations of store",
    "AWS::Omics::ReferenceStore": "references of store",
    "AWS::Omics::SequenceStore": "read sets of store",
    "AWS::Omics::VariantStore": "variants of store",
    "AWS::OpenSearchServerless::Collection": "indexes of collection",
    "AWS::OpenSearchService::Domain": "indexes of domain",
    "AWS::Personalize::Dataset": "records of dataset",
    "AWS::QBusiness::Application": "conversations and indexes of application",
    "AWS::QBusiness::Index": "documents of index",
    "AWS::QLDB::Ledger": "documents of ledger",
    "AWS::RDS::DBCluster": "databases of cluster",
    "AWS::RDS::DBInstance": "databases of instance {name}, unless a cluster stores them,",
    "AWS::Redshift::Cluster": "databases of cluster",
    "AWS::RedshiftServerless::Namespace": "databases of namespace",
    "AWS::Rekognition::Collection": "faces of collection",
    "AWS::S3Tables::Table": "rows of table",
    "AWS::S3Vectors::Index": "vectors of index",
    "AWS::SDB::Domain": "items of domain",
    "AWS::SNS::Topic": "subscriptions of topic {name}, also those that the template does not contain,",
    "AWS::SQS::Queue": "messages of queue",
    "AWS::SageMaker::App": "processes and unsaved work of app",
    "AWS::SageMaker::Cluster": "files on the instances of cluster",
    "AWS::SageMaker::Domain": "spaces of domain {name}, with all files in them,",
    "AWS::SageMaker::FeatureGroup": "records in the online store of feature group",
    "AWS::SageMaker::MlflowApp": "records of MLflow app {name} (experiments, runs and registered models)",
    "AWS::SageMaker::MlflowTrackingServer": "records of tracking server {name} (experiments, runs and models)",
    "AWS::SageMaker::NotebookInstance": "files of notebook instance",
    "AWS::SageMaker::PartnerApp": "data of partner app",
    "AWS::SageMaker::Space": "files of space",
    "AWS::SageMaker::UserProfile": "spaces of user profile {name}, with all files in them,",
    "AWS::Serverless::SimpleTable": "items of table",
    "AWS::StepFunctions::StateMachine": "executions and the execution history of state machine",
    "AWS::Timestream::Database": "tables of database",
    "AWS::Timestream::InfluxDBCluster": "buckets of cluster",
    "AWS::Timestream::InfluxDBInstance": "buckets of instance",
    "AWS::Timestream::Table": "records of table",
    "AWS::VerifiedPermissions::PolicyStore": "policies of policy store",
    "AWS::WorkSpaces::Workspace": "files of workspace",
    "AWS::WorkspacesInstances::Volume": "files on volume",
}

# CloudFormation deletes these only if they are empty. Otherwise their deletion fails.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
# Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupVault.html
# Source: https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DeleteRepository.html
# Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_s3Buckets_DeleteTableBucket.html
_ONLY_IF_EMPTY = {
    "AWS::Backup::BackupVault": "backup vault",
    "AWS::Backup::LogicallyAirGappedBackupVault": "backup vault",
    "AWS::ECR::PublicRepository": "repository",
    "AWS::S3::Bucket": "bucket",
    "AWS::S3Express::DirectoryBucket": "bucket",
    "AWS::S3Outposts::Bucket": "bucket",
    "AWS::S3Tables::TableBucket": "table bucket",
    "AWS::S3Vectors::VectorBucket": "vector bucket",
}

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
_KEY = (
    "KMS key {name} is scheduled for deletion and cannot be used any more. Data that is encrypted with it cannot be "
    "read."
)
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
_IMAGES = (
    "The images of repository {name} are deleted if EmptyOnDelete is true. Otherwise CloudFormation deletes the "
    "repository only if it is empty."
)


def _named(contents: str) -> str:
    return contents if "{name}" in contents else f"{contents} {{name}}"


SENTENCES = {
    **{key: f"The {_named(text)} are deleted." for key, text in _CONTENTS.items()},
    **{key: f"CloudFormation deletes {noun} {{name}} only if it is empty." for key, noun in _ONLY_IF_EMPTY.items()},
    "AWS::CloudFormation::Stack": (
        "The resources of nested stack {name} are deleted, with their data, except those that its template retains."
    ),
    "AWS::CloudFormation::StackSet": (
        "The stacks of stack set {name} are deleted in all accounts and Regions, except the resources that their "
        "template retains."
    ),
    "AWS::ECR::Repository": _IMAGES,
    "AWS::KMS::Key": _KEY,
    "AWS::KMS::ReplicaKey": _KEY,
    "AWS::Organizations::Account": "Account {name} is closed or leaves the organization.",
    "AWS::SecretsManager::Secret": "The value of secret {name} is deleted.",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": (
        "The resources of provisioned product {name} are deleted, with their data."
    ),
}

# The types for which the policy Snapshot creates a snapshot. Other types are deleted without a snapshot.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
SNAPSHOT_TYPES = frozenset(
    {
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    }
)


def data_loss(resource_type: str, name: str) -> str:
    """Return a sentence on the data that is lost with a resource of a type; '' if the type has no data.

    `name` identifies the resource for the reader: its logical ID, or Child/ID in a nested stack.
    """
    return SENTENCES.get(resource_type, "").format(name=name)


def snapshot_sentence(resource_type: str, name: str) -> str:
    """Return a sentence on a resource that CloudFormation deletes with the policy Snapshot."""
    if resource_type in SNAPSHOT_TYPES:
        return f"CloudFormation deletes the resource {name} and keeps a snapshot."
    return f"The policy Snapshot does not apply to this type. {data_loss(resource_type, name)}".rstrip()


def contains_data(resource_type: str) -> bool:
    """Return whether data is lost with resources of a type. The deletion of a bucket with objects fails instead."""
    return resource_type in SENTENCES and resource_type not in _ONLY_IF_EMPTY


def can_be_copied(resource_type: str) -> bool:
    """Return whether users can copy the data of a type to keep it, which is not possible for KMS keys and accounts."""
    return contains_data(resource_type) and not resource_type.startswith(("AWS::KMS::", "AWS::Organizations::"))
