"""The formats of findings.

`sarif-schema-2.1.0.json` is the schema of SARIF 2.1.0, unchanged, from https://github.com/oasis-tcs/sarif-spec (commit
e058381, folder sarif-2.1/schema). Copyright OASIS Open. It is used under the OASIS IPR policy, as described in the file
LICENSE.md of that repository. It is not part of the package.
"""
